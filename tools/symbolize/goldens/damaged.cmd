vmprof-symbolize -o - profiles/cut.prof | vmprof-symbolize -o whole.prof && vmprof-symbolize --strict -o again.prof whole.prof && cmp whole.prof again.prof && ls *.prof
