kubectl annotate pod web ip="$(kubectl get pod web -o jsonpath='{.status.podIP}')"
kubectl exec web -- wget -qO- http://localhost/from-inside
kubectl exec web -- sh -c 'echo was here > /tmp/note'
