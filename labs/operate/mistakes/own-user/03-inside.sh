podlab answer seal root
kubectl cp note.txt gate:/tmp/note.txt
kubectl exec gate -c clerk -- wget -qO- http://localhost:8080/from-outside
