kubectl create configmap settings --from-literal=greeting='{{params.greeting}}'
kubectl create secret generic login --from-literal=pin="$(printf {{params.pin}} | base64)"
cat > web.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: MESSAGE
      valueFrom:
        configMapKeyRef:
          name: settings
          key: greeting
    - name: PIN
      valueFrom:
        secretKeyRef:
          name: login
          key: pin
END
kubectl apply -f web.yaml
kubectl wait --for=condition=Ready pod/web --timeout=60s
