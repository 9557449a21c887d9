kubectl get pods
kubectl describe pod second
podlab gpu status
podlab answer why-pending b
kubectl delete pod trainer --now
kubectl wait --for=condition=Ready pod/second --timeout=60s
kubectl get pods
