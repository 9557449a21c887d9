kubectl apply -f pair.yaml
kubectl wait --for=condition=Ready pod/pair --timeout=60s
kubectl exec pair -c helper -- wget -qO- http://localhost:8080/from-helper
podlab answer helper-ip 127.0.0.1
