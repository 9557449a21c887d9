rm web.yaml
kubectl delete pod hello
