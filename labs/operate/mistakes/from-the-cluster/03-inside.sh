podlab answer seal app
kubectl cp note.txt gate:/tmp/note.txt
kubectl exec store-1 -- wget -qO- "http://$(kubectl get pod gate -o jsonpath='{.status.podIP}'):8080/from-outside"
