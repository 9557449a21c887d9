kubectl delete pod yew --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: yew
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v2
    imagePullPolicy: IfNotPresent
END
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
    imagePullPolicy: IfNotPresent
END
podlab answer default a
