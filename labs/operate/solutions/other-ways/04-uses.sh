# By eye.
kubectl top pods
podlab answer busiest {{params.busy}}
kubectl top pods --containers
podlab answer heaviest {{params.heavy}}
