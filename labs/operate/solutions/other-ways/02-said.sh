podlab answer crate "$(kubectl logs gate --all-containers | grep crate | cut -d ' ' -f 2)"
podlab answer ticket "$(kubectl logs moody -p | cut -d ' ' -f 2)"
