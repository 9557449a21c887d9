kubectl delete pod lone --now
kubectl delete pod -l app=desk --now
podlab answer changed c
podlab answer refused b
