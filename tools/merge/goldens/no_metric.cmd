vmprof-merge profiles/simple.prof profiles/bytes.prof; ls merged.prof
