kubectl logs gate
kubectl logs gate -c clerk
podlab answer crate {{params.crate}}
kubectl get pod moody
kubectl logs moody
kubectl logs moody --previous
podlab answer ticket {{params.ticket}}
