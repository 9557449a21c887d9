podlab answer ghost-phase b
podlab answer ghost-alive c
kubectl delete pod ghost --force --grace-period=0
