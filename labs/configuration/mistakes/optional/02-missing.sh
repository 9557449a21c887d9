podlab answer which-word CreateContainerConfigError
kubectl delete pod queue --now
kubectl run queue --image=podlab.dev/toolbox:v1
kubectl create configmap layout
