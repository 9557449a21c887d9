kubectl get pods
kubectl describe pod second
podlab answer why-pending c
kubectl delete pod trainer --now
kubectl wait --for=condition=Ready pod/second --timeout=60s
kubectl get pods
