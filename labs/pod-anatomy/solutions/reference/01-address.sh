cat pair.yaml
kubectl apply -f pair.yaml
kubectl wait --for=condition=Ready pod/pair --timeout=60s
kubectl get pod pair
kubectl exec pair -c helper -- wget -qO- http://app:8080/from-helper
kubectl exec pair -c helper -- wget -qO- http://localhost:8080/from-helper
kubectl logs pair -c app
kubectl exec pair -c helper -- hostname -i
podlab answer helper-ip "$(kubectl exec pair -c helper -- hostname -i)"
