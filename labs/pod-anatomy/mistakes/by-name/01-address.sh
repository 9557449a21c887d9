kubectl apply -f pair.yaml
kubectl wait --for=condition=Ready pod/pair --timeout=60s
kubectl exec pair -c helper -- wget -qO- http://app:8080/from-helper
podlab answer helper-ip "$(kubectl get pod pair -o jsonpath='{.status.podIP}')"
