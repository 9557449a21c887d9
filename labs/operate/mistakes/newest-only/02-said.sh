podlab answer crate {{params.crate}}
podlab answer ticket "$(kubectl logs moody | cut -d ' ' -f 2)"
