# Without tar, and from inside.
podlab answer seal 1000
kubectl exec -i gate -- sh -c 'cat > /tmp/note.txt' < note.txt
kubectl exec gate -c clerk -- wget -qO- http://localhost:8080/from-outside
