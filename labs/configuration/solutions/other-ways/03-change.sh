# The ConfigMap is applied as a whole, and the label does what an annotation does.
kubectl create configmap banner --from-literal=text='second edition' --dry-run=client -o yaml | kubectl apply -f -
kubectl label pod three look=now
podlab answer how-to-tell "the container has to be made anew"
