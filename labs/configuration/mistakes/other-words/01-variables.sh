kubectl create configmap settings --from-literal=greeting={{params.greeting}}
kubectl create secret generic login --from-literal=pin={{params.pin}}
