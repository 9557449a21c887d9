podlab answer node "$(kubectl get pod gate -o jsonpath='{.status.podIP}')"
podlab answer stores 3
podlab answer wing {{params.wing}}
