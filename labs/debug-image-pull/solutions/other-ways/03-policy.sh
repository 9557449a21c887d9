# Without a policy, a tag that is not latest gets IfNotPresent.
kubectl delete pod fir yew --now
kubectl apply -f right-fir.yaml -f yew.yaml
podlab answer default always
