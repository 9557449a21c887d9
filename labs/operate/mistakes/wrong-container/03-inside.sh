podlab answer seal app
kubectl cp note.txt gate:/tmp/note.txt -c clerk
kubectl exec gate -c clerk -- wget -qO- http://localhost:8080/from-outside
