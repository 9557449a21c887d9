kubectl set image deployment/web toolbox=podlab.dev/none:v2
kubectl rollout status deployment web --timeout=5s
kubectl get pods -l app=web
kubectl exec deployment/web -- sh -c 'for i in 1 2 3 4; do wget -qO- http://web; done'
kubectl rollout history deployment web
kubectl rollout undo deployment web
kubectl rollout status deployment web --timeout=60s
