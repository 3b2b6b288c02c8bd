echo old >merged.prof; vmprof-merge profiles/simple.prof profiles/no.prof; cat merged.prof; ls merged*
