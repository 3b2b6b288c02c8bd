vmprof-convert profiles/labels.prof | vmprof-convert --collapsed --thread=worker-1
