podlab answer crate "$(kubectl logs gate | cut -d : -f 2)"
podlab answer ticket {{params.ticket}}
