kubectl get service web
kubectl describe service web
kubectl get pods -l app=webb
kubectl get pods --show-labels
kubectl set selector service web app=web
