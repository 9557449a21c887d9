kubectl get service registry
cat > pine.yaml <<END
apiVersion: v1
kind: Pod
metadata:
  name: pine
spec:
  containers:
  - name: app
    image: 127.0.0.1:$(kubectl get service registry -o jsonpath='{.spec.ports[0].nodePort}')/team/app:v1
END
kubectl apply -f pine.yaml
kubectl wait --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ErrImagePull pod/pine --timeout=30s
kubectl describe pod pine
kubectl logs registry
podlab answer asked c
kubectl create secret generic team-registry --from-literal=username=clerk --from-literal=password={{params.password}}
cat > pine.yaml <<END
apiVersion: v1
kind: Pod
metadata:
  name: pine
spec:
  imagePullSecrets:
  - name: team-registry
  containers:
  - name: app
    image: 127.0.0.1:$(kubectl get service registry -o jsonpath='{.spec.ports[0].nodePort}')/team/app:v1
END
kubectl delete pod pine --now
kubectl apply -f pine.yaml
