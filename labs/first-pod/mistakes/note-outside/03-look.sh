kubectl annotate pod web ip="$(kubectl get pod web -o jsonpath='{.status.podIP}')"
kubectl exec web -- wget -qO- http://localhost:8080/from-inside
kubectl exec web -- echo was here > note
