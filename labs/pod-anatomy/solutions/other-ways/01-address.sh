# The request comes out of a shell, and the address is read from the Pod.
kubectl create -f pair.yaml
kubectl wait --for=condition=Ready pod/pair --timeout=60s
kubectl exec pair -c helper -- sh -c 'wget -qO- http://127.0.0.1:8080/from-helper'
podlab answer helper-ip "$(kubectl get pod pair -o jsonpath='{.status.podIP}')"
