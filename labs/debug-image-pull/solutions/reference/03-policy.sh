kubectl set image pod/yew app=podlab.dev/toolbox:v1
cat > fir.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: fir
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    imagePullPolicy: IfNotPresent
END
kubectl delete pod fir --now
kubectl apply -f fir.yaml
kubectl wait --for=condition=Ready pod/yew pod/fir --timeout=60s
kubectl explain pod.spec.containers.imagePullPolicy
podlab answer default a
