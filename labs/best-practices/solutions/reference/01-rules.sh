cat shop.yaml
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
kubectl exec shop -- id
kubectl label namespace "$(kubectl config view --minify -o jsonpath='{..namespace}')" pod-security.kubernetes.io/enforce=restricted
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl create deployment careless --image=podlab.dev/toolbox:v1
kubectl get deployments,replicasets,pods
kubectl describe replicasets
podlab answer which-refused c
