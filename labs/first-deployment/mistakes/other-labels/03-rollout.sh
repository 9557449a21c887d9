kubectl patch service web -p '{"spec": {"selector": {"edition": "first"}}}'
kubectl set env deployment/web MESSAGE='second edition'
kubectl rollout status deployment web --timeout=60s
