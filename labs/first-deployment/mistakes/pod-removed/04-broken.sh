kubectl set image deployment/web toolbox=podlab.dev/none:v2
kubectl rollout status deployment web --timeout=8s
kubectl get pods -l app=web -o name | while read pod; do kubectl wait --for=condition=Ready $pod --timeout=1s || kubectl delete $pod --now; done
