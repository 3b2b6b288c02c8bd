vmprof-convert --otlp profiles/labels.prof | od -An -tx1 -v
