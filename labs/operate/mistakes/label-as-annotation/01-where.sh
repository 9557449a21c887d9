podlab answer node "$(kubectl get pod gate -o jsonpath='{.spec.nodeName}')"
podlab answer stores 3
podlab answer wing "$(kubectl get pod store-1 -o jsonpath='{.metadata.labels.tier}')"
