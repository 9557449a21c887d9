kubectl get pod web -o wide
kubectl annotate pod web ip="$(kubectl get pod web -o jsonpath='{.status.podIP}')"
kubectl describe pod web
kubectl exec web -- wget -qO- http://localhost:8080/from-inside
kubectl logs web
kubectl exec web -- sh -c 'echo was here > /tmp/note'
kubectl exec web -- cat /tmp/note
kubectl get pod web -o yaml
