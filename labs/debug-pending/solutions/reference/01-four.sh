kubectl get pods
kubectl get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase
kubectl describe pod ash
kubectl describe pod birch
kubectl describe pod cedar
kubectl describe pod fig
podlab answer has-node d
podlab answer too-much a
podlab answer picky b
