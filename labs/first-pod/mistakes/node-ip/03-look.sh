kubectl annotate pod web ip="$(kubectl get pod web -o jsonpath='{.status.hostIP}')"
kubectl exec web -- wget -qO- http://localhost:8080/from-inside
kubectl exec web -- sh -c 'echo was here > /tmp/note'
