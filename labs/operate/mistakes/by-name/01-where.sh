podlab answer node "$(kubectl get pod gate -o jsonpath='{.spec.nodeName}')"
podlab answer stores "$(kubectl get pods -o name | grep -c store)"
podlab answer wing {{params.wing}}
