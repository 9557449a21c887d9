podlab answer node "$(kubectl get pod gate -o wide --no-headers | tr -s ' ' | cut -d ' ' -f 7)"
podlab answer stores three
podlab answer wing {{params.wing}}
