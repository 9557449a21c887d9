kubectl get pods
kubectl describe pod elm
kubectl describe pod oak
kubectl describe pod yew
kubectl describe pod fir
kubectl get nodes -o jsonpath='{range .items[*].status.images[*]}{.names[0]}{"\n"}{end}'
podlab answer no-name oak
podlab answer not-allowed yew
podlab answer there-already fir
