kubectl exec gate -c clerk -- ls /srv
kubectl exec gate -c clerk -- ls -l /srv
podlab answer seal app
cat note.txt
kubectl cp gate:/srv/seal seal.txt -c clerk
cat seal.txt
kubectl cp note.txt gate:/tmp/note.txt -c app
# It takes a moment to be there.
kubectl port-forward pod/gate {{params.port}}:8080 & until curl -s http://localhost:{{params.port}}/from-outside; do sleep 1; done; kill $!; wait
kubectl logs gate -c app --tail=3
