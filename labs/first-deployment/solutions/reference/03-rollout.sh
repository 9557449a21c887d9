kubectl set env deployment/web MESSAGE='second edition'
kubectl rollout status deployment web --timeout=60s
kubectl get replicasets -l app=web
kubectl exec deployment/web -- sh -c 'for i in 1 2 3 4; do wget -qO- http://web; done'
