kubectl set image pod/yew app=podlab.dev/toolbox:v1
kubectl delete pod fir --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: fir
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    imagePullPolicy: Never
END
podlab answer default a
