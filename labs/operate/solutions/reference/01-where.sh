kubectl get pods
kubectl get pods -o wide
kubectl get pods --show-labels
kubectl get pods -l tier=front
kubectl describe pod store-2
kubectl get pod store-2 -o yaml
kubectl get pod store-2 -o jsonpath='{.status.qosClass}{"\n"}'
podlab answer node "$(kubectl get pod gate -o jsonpath='{.spec.nodeName}')"
podlab answer stores "$(kubectl get pods -l tier=store -o name | wc -l)"
podlab answer wing "$(kubectl get pod store-1 -o jsonpath='{.metadata.annotations.wing}')"
