kubectl delete pod hello web
kubectl get pods
